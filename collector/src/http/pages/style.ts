/** For every page; colours have a contrast of 7:1 and more on their ground (WCAG 2.2, 1.4.6), light and dark. */
export const STYLE_SHEET = `:root { color-scheme: light dark; --ink: #1a1d21; --ground: #ffffff; --quiet: #474d55; --line: #c9ced6; --accent: #0b4a8f; --bad: #8f1414; --good: #12552b; }
@media (prefers-color-scheme: dark) { :root { --ink: #eceff3; --ground: #14171b; --quiet: #b7bec8; --line: #3a414b; --accent: #9cc7ff; --bad: #ffb0a8; --good: #9be3b4; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--ground); }
header { display: flex; flex-wrap: wrap; gap: 0.5rem 1.5rem; align-items: baseline; padding: 0.75rem 1.5rem; border-bottom: 1px solid var(--line); }
header nav { display: flex; flex-wrap: wrap; gap: 0 1rem; }
.brand { font-weight: 700; margin: 0; }
main { max-width: 72rem; margin: 0 auto; padding: 1rem 1.5rem 4rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2.5rem; } h3 { font-size: 1rem; margin: 1.75rem 0 0.25rem; }
a { color: var(--accent); } a:focus-visible, button:focus-visible, input:focus-visible, summary:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -100vw; } .skip:focus { left: 0.5rem; top: 0.5rem; background: var(--ground); padding: 0.5rem; }
code, pre { font-family: ui-monospace, monospace; font-size: 0.9em; overflow-wrap: anywhere; }
.method { font-weight: 700; font-family: ui-monospace, monospace; }
.quiet { color: var(--quiet); }
.wide { overflow-x: auto; } pre { white-space: pre-wrap; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: 0.35rem 0.75rem 0.35rem 0; border-bottom: 1px solid var(--line); }
caption { text-align: left; font-weight: 600; padding: 0.25rem 0; }
form { max-width: 26rem; } label { display: block; margin: 0.75rem 0 0.25rem; font-weight: 600; }
input { width: 100%; padding: 0.5rem; font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--quiet); border-radius: 4px; }
button { margin-top: 1rem; padding: 0.5rem 1.25rem; font: inherit; font-weight: 600; color: var(--ground); background: var(--accent); border: 0; border-radius: 4px; }
a.button { display: inline-block; padding: 0.5rem 1.25rem; font-weight: 600; color: var(--ground); background: var(--accent); border-radius: 4px; text-decoration: none; }
form.inline { display: flex; gap: 0.5rem; align-items: baseline; margin-left: auto; } form.inline button { margin: 0; padding: 0.2rem 0.75rem; }
[aria-current] { font-weight: 700; }
.degraded { font-weight: 700; } .up { color: var(--good); font-weight: 700; } .down, .problem { color: var(--bad); font-weight: 700; }
`;

/** A shield, for the tab of a browser. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#0b4a8f" d="M8 0 15 3v5c0 4-3 7-7 8-4-1-7-4-7-8V3z"/><path fill="none" stroke="#fff" stroke-width="2" d="m4.5 8 2.5 2.5L11.5 6"/></svg>`;
