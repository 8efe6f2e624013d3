// What Vega expects of any engine and a bare one lacks.
globalThis.console ??= {log() {}, warn() {}, error() {}, info() {}, debug() {}};
globalThis.setTimeout ??= work => (Promise.resolve().then(work), 0);
globalThis.clearTimeout ??= () => {};
globalThis.structuredClone ??= value => JSON.parse(JSON.stringify(value));
