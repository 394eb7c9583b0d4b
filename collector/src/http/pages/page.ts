import { type Html, html } from './html.ts';

/** A whole page of ours. Its one style sheet is served beside it; nothing in it runs. */
export function page(parts: {
  title: string;
  navigation?: Html;
  content: Html;
  /** Where the browser goes by itself, at once. */
  onTo?: string;
}): string {
  const { title, navigation, content, onTo } = parts;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${
  onTo !== undefined &&
  html`<meta http-equiv="refresh" content="0;url=${onTo}">
`
}<title>${title} - ThreatGuard</title>
<link rel="icon" href="/assets/threatguard.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/threatguard.css">
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header><p class="brand">ThreatGuard</p>${navigation}</header>
<main id="content"><h1>${title}</h1>
${content}
</main>
</body>
</html>
`.text;
}
