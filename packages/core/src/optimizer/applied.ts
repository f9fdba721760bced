/**
 * Counts the steps that changed the variables. A device that decides by itself whether to skip a step counts for
 * itself.
 */
import * as tf from '@tensorflow/tfjs-core';

export class AppliedSteps {
  private host = 0;
  private device: tf.Tensor | null = null;

  set(steps: number): void {
    this.dispose();
    this.host = steps;
  }

  add(applied: boolean): void {
    this.host += Number(applied);
  }

  /** The same, by a mask that nobody has read. */
  addUnread(applied: tf.Tensor): void {
    const before = this.device;
    this.device = tf.tidy(() => {
      const one = tf.cast(tf.reshape(applied, []), 'int32');
      return tf.keep(before ? tf.add(before, one) : tf.clone(one));
    });
    before?.dispose();
  }

  async read(): Promise<number> {
    const { host, device } = this;
    return host + (device ? (await device.data())[0]! : 0);
  }

  dispose(): void {
    this.device?.dispose();
    this.device = null;
  }
}
