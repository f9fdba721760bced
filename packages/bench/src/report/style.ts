/** The look of the HTML report: one column of text, wide tables that scroll on their own, light and dark from the reader's setting. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #fcfcfb; --ink: #1d1f23; --quiet: #63676f; --grid: #e4e4e1; --rule: #d3d3cf; --raised: #ffffff;
  --series-1: #2a6fbb; --series-2: #d1622b; --series-3: #2a8f6f; --series-4: #8a55b5; --series-5: #9a8412; --series-6: #c24678; --series-7: #2b93a8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #16181c; --ink: #e8e8e5; --quiet: #a0a4ab; --grid: #2c3036; --rule: #3a3f46; --raised: #1d2025;
    --series-1: #6aa9ee; --series-2: #ef935f; --series-3: #5cc3a0; --series-4: #bb92e0; --series-5: #d2bc4e; --series-6: #ee86ae; --series-7: #67c6d8;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 48px 24px 72px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 8px; letter-spacing: -0.01em; text-wrap: balance; }
h2 { font-size: 20px; line-height: 1.3; margin: 56px 0 12px; text-wrap: balance; }
.lead, footer { color: var(--quiet); max-width: 72ch; }
.lead { margin: 0; }
footer { margin-top: 56px; font-size: 14px; border-top: 1px solid var(--rule); padding-top: 16px; }
.key { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 0 0 12px; padding: 0; list-style: none; font-size: 14px; }
.key li { display: flex; align-items: center; gap: 8px; overflow-wrap: anywhere; }
.key i { flex: none; width: 14px; height: 4px; border-radius: 2px; background: var(--mark); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 16px; }
figure { margin: 0; padding: 16px 12px 8px; background: var(--raised); border: 1px solid var(--grid); border-radius: 8px; }
figcaption { color: var(--quiet); font-size: 13px; padding: 0 4px 6px; }
figure svg { display: block; width: 100%; height: auto; }
.scroll { overflow-x: auto; margin-top: 20px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 7px 12px 7px 0; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--grid); }
th { color: var(--quiet); font-weight: 500; border-bottom-color: var(--rule); }
th.text, td.text { text-align: left; }
td.text:first-child { white-space: normal; min-width: 16ch; }
`;
