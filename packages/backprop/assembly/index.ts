/** What the module offers; every pointer is a byte offset into the heap of tfjs's wasm backend, every size is checked by the caller. */
export { exportImage, importImage, transpose } from './image';
export { filterGradientImage, multiplyPanels } from './filter-gradient';
