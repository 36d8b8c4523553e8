/** Style of the page of evidence. */
export const style = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #d9dfe7; --paper: #ffffff; --card: #f6f8fa; --good: #116b3a; --bad: #b3261e; --odd: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #9aa6b5; --line: #303a47; --paper: #12171e; --card: #1a212a; --good: #58c98b; --bad: #ff8a80; --odd: #f0b954; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 68rem; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2.25rem 0 .5rem; }
p { margin: .25rem 0; } .soft { color: var(--soft); } a { color: inherit; }
.sum { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.25rem 0; }
.sum div { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem 1rem; min-width: 9rem; }
.sum b { display: block; font-size: 1.5rem; line-height: 1.2; }
.good { color: var(--good); } .bad { color: var(--bad); } .odd { color: var(--odd); }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .4rem 0; background: var(--card); }
summary { display: grid; grid-template-columns: 7.5rem 1fr; gap: .25rem .75rem; padding: .5rem .8rem; cursor: pointer; }
summary b { font-weight: 600; } summary .by { grid-column: 2; color: var(--soft); font-size: .9rem; overflow-wrap: anywhere; }
.more { padding: 0 .8rem .8rem; } dt { font-weight: 600; margin-top: .5rem; } dd { margin: 0; overflow-wrap: anywhere; }
pre { margin: .25rem 0; padding: .6rem; overflow-x: auto; font: 12.5px/1.45 ui-monospace, monospace; background: var(--paper); border: 1px solid var(--line); border-radius: .35rem; white-space: pre-wrap; overflow-wrap: anywhere; }
code { font: .9em ui-monospace, monospace; }
@media (max-width: 40rem) { summary { grid-template-columns: 1fr; } summary .by { grid-column: 1; } }
`;
