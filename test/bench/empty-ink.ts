// The least that Ink can draw, in the terminal it is started in: what bench:console holds the dashboard's start against.
import { render, Text } from 'ink';
import { createElement } from 'react';

const ink = render(createElement(Text, null, 'drawn'), { alternateScreen: true });
process.stdin.once('data', () => ink.unmount());
