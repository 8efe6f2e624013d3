// What draws the picture of a chart: a Vega-Lite specification in, SVG out, by the code that front
// ends draw with. There is no page to draw on and nothing to be fetched. Its host gives
// `measure(text, size, bold)`, the width of a text in pixels.
import {compile} from 'vega-lite';
import {View, parse, textMetrics} from 'vega';

const refuse = what => Promise.reject(new Error(`${what}: a picture has no data but the result's`));
const loader = {
  load: refuse,
  http: refuse,
  file: refuse,
  sanitize: uri => Promise.resolve({href: uri}),
};

textMetrics.width = (item, text) => {
  const line = text ?? item.text;
  if (line == null) return 0;
  const bold = item.fontWeight === 'bold' || item.fontWeight >= 600;
  const width = measure(String(line), textMetrics.height(item), bold);
  return item.limit > 0 ? Math.min(width, item.limit) : width;
};

// Vega goes on after an error, with half a picture.
const errors = [];
const logger = {
  level: () => logger,
  error: (...what) => (errors.push(what.join(' ')), logger),
  warn: () => logger,
  info: () => logger,
  debug: () => logger,
};

globalThis.draw = async specification => {
  const {spec} = compile(JSON.parse(specification), {logger});
  const view = new View(parse(spec), {renderer: 'none', loader, logger});
  const svg = await view.toSVG();
  view.finalize();
  if (errors.length > 0) throw new Error(errors[0]);
  return svg;
};
