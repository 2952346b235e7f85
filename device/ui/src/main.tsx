import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import { App } from './app.tsx';
import { startRouting } from './route.ts';
import { startLive } from './state.ts';

const root = document.getElementById('app');
if (root !== null) {
  startRouting();
  startLive();
  render(<App />, root);
}
