// Runs cells of JavaScript one after the other in one context. Runs inside a sandbox, on Node alone.
//
// Reads one JSON object a line: {"code": ..., "env": {...}, "typescript": bool}. Writes lines that begin with a
// record separator, each a JSON event: ready, begun, stdout, stderr, result, error, execution_complete.
'use strict';
const fs = require('fs');
const readline = require('readline');
const util = require('util');
const vm = require('vm');
const { createRequire, stripTypeScriptTypes } = require('module');
const { Console } = require('console');
const { Writable } = require('stream');

function send(type, fields) {
  const line = Buffer.from('\x1e' + JSON.stringify({ type, ...fields }) + '\n');
  for (let at = 0; at < line.length; ) {
    try {
      at += fs.writeSync(1, line, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2); // the pipe is full: wait a little
    }
  }
}

function tap(kind) {
  return new Writable({
    write(chunk, encoding, done) {
      send(kind, { text: chunk.toString() });
      done();
    },
  });
}

const stdout = tap('stdout');
const stderr = tap('stderr');
process.stdout.write = stdout.write.bind(stdout);
process.stderr.write = stderr.write.bind(stderr);

const SHARED = (
  'AbortController AbortSignal Blob Event EventTarget FormData Headers MessageChannel ReadableStream Request ' +
  'Response TextDecoder TextEncoder TransformStream URL URLSearchParams WebSocket WritableStream atob btoa ' +
  'crypto fetch performance structuredClone'
).split(' ');
const names = Object.fromEntries(SHARED.filter((name) => name in globalThis).map((name) => [name, globalThis[name]]));
const context = vm.createContext({
  ...names,
  console: new Console({ stdout, stderr }),
  require: createRequire(process.cwd() + '/'),
  process,
  Buffer,
  setTimeout,
  setInterval,
  setImmediate,
  clearTimeout,
  clearInterval,
  clearImmediate,
  queueMicrotask,
  display: (...values) => values.forEach(show),
});
context.global = context;

function show(value) {
  const forms = { text: util.inspect(value) };
  if (value !== null && typeof value === 'object') {
    try {
      const json = JSON.stringify(value);
      if (json !== undefined) forms.json = JSON.parse(json);
    } catch {
      delete forms.json; // a value in circles has no JSON
    }
  }
  send('result', forms);
}

function evaluate(code, filename) {
  try {
    return vm.runInContext(code, context, { filename, breakOnSigint: true });
  } catch (error) {
    const early = error && error.name === 'SyntaxError' && /\bawait\b/.test(code);
    if (!early) throw error;
  }
  // `await` outside of a function: the cell becomes one, and its declarations stay inside.
  const asExpression = `(async () => (${code.trim().replace(/;$/, '')}\n))()`;
  try {
    new vm.Script(asExpression);
    return vm.runInContext(asExpression, context, { filename, breakOnSigint: true });
  } catch (error) {
    if (!error || error.name !== 'SyntaxError') throw error;
  }
  return vm.runInContext(`(async () => {${code}\n})()`, context, { filename, breakOnSigint: true });
}

function fail(error) {
  const known = error !== null && typeof error === 'object' && 'message' in error;
  const stack = known && typeof error.stack === 'string' ? error.stack.split('\n') : [];
  const own = stack.filter((line) => !/\[eval\]|node:(vm|internal)/.test(line));
  send('error', {
    ename: known ? String(error.name) : 'Error',
    evalue: known ? String(error.message) : util.inspect(error),
    traceback: own,
  });
}

let count = 0;
let interrupt = () => {};

async function run({ code, env = {}, typescript = false }) {
  count += 1;
  const kept = Object.fromEntries(Object.keys(env).map((name) => [name, process.env[name]]));
  Object.assign(process.env, env);
  try {
    const text = typescript ? stripTypeScriptTypes(code) : code;
    const interrupted = new Promise((_, reject) => (interrupt = reject));
    send('begun');
    const value = await Promise.race([evaluate(text, `cell ${count}`), interrupted]);
    if (value !== undefined) show(value);
  } catch (error) {
    fail(error);
  }
  for (const [name, old] of Object.entries(kept)) {
    if (old === undefined) delete process.env[name];
    else process.env[name] = old;
  }
  send('execution_complete', { execution_count: count });
}

process.on('SIGINT', () => interrupt(new Error('Execution interrupted')));
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

let turn = Promise.resolve();
const lines = readline.createInterface({ input: process.stdin, crlfDelay: Infinity });
lines.on('line', (line) => {
  turn = turn.then(() => run(JSON.parse(line)));
});
lines.on('close', () => process.exit(0));
send('ready', { typescript: typeof stripTypeScriptTypes === 'function' });
