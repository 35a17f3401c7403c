#!/usr/bin/env node
// Layout next to other engines in the same run: every scope's own graph with the same sizes, direction and gaps.
//
// usage: node layout_bench.mjs BENCH_LAYOUT [--dagre FOLDER] [--no-times] [GRAPH...]
//
// FOLDER holds node_modules/@dagrejs/dagre (npm install @dagrejs/dagre); dot is Graphviz's. What is not installed is
// left out. First a table of CPU times of graphs of any size, then crossings and edge length of the GRAPHs of up to
// 1000 ops. Lengths are those of the drawn lines; a crossing is a pair of lines without a common end that meet.
import { execFileSync, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';

const [bench, ...rest] = process.argv.slice(2);
const option = (name) => {
  const at = rest.indexOf(name);
  return at < 0 ? undefined : rest.splice(at, 2)[1];
};
const folder = option('--dagre') ?? '.';
const noTimes = rest.includes('--no-times') && rest.splice(rest.indexOf('--no-times'), 1);
let dagre;
try {
  dagre = createRequire(path.resolve(folder) + '/')('@dagrejs/dagre');
  dagre = dagre.layout ? dagre : dagre.default;
} catch {
  console.log('@dagrejs/dagre is not installed: left out');
}
const hasDot = spawnSync('dot', ['-V']).status === 0;
if (!hasDot) console.log('dot is not installed: left out');

/// Our CPU time for all scopes, and the scopes.
function drawn(graph) {
  const [time, ...scopes] = execFileSync(bench, ['--scopes', graph], { maxBuffer: 1 << 30 }).toString().trim()
    .split('\n').map((line) => JSON.parse(line));
  return { ms: time.ms, scopes };
}
// Our gaps between ranks and between neighbours (core/view/layout.hpp, scene_builder.cpp).
const gaps = (scope) => scope.down ? { rank: 34, node: 16, edge: 10 } : { rank: 40, node: 14, edge: 10 };

function layOutWithDagre(scope) {
  const g = new dagre.graphlib.Graph({ multigraph: true });
  const gap = gaps(scope);
  g.setGraph({ rankdir: scope.down ? 'TB' : 'LR', nodesep: gap.node, ranksep: gap.rank, edgesep: gap.edge });
  scope.boxes.forEach(([, , width, height], i) => g.setNode(String(i), { width, height }));
  scope.edges.forEach(([from, to], i) => g.setEdge(String(from), String(to), {}, String(i)));
  dagre.layout(g);
  return g;
}

const ofDagre = (scope) => {
  const g = layOutWithDagre(scope);
  return scope.edges.map(([from, to], i) =>
    ({ from, to, points: g.edge(String(from), String(to), String(i)).points.map((p) => [p.x, p.y]) }));
};

const ofDot = (scope) => {
  const gap = gaps(scope);
  const text = ['digraph {', `rankdir=${scope.down ? 'TB' : 'LR'}; ranksep=${gap.rank / 72}; nodesep=${gap.node / 72};`,
    'node [shape=box fixedsize=true label=""]; edge [arrowhead=none];', // an arrowhead would not count as line
    ...scope.boxes.map(([, , w, h], i) => `${i} [width=${w / 72} height=${h / 72}];`),
    ...scope.edges.map(([from, to]) => `${from} -> ${to};`), '}'].join('\n');
  const out = spawnSync('dot', ['-Tplain'], { input: text, maxBuffer: 1 << 28 }).stdout.toString();
  // Edges come back in no order that is promised: parallel ones are told apart by counting.
  const lines = [];
  for (const line of out.split('\n')) {
    const word = line.split(' ');
    if (word[0] !== 'edge') continue;
    const n = Number(word[3]), control = [];
    for (let i = 0; i < n; ++i) control.push([Number(word[4 + 2 * i]) * 72, Number(word[5 + 2 * i]) * 72]);
    lines.push({ from: Number(word[1]), to: Number(word[2]), points: alongSpline(control) });
  }
  return lines;
};

function alongSpline(control) {
  const points = [control[0]];
  for (let i = 0; i + 3 < control.length; i += 3)
    for (let s = 1; s <= 8; ++s) {
      const t = s / 8, m = 1 - t, w = [m * m * m, 3 * m * m * t, 3 * m * t * t, t * t * t];
      points.push([0, 1].map((d) => w.reduce((sum, weight, k) => sum + weight * control[i + k][d], 0)));
    }
  return points;
}

const ofOurs = (scope) => scope.edges.map(([from, to, points]) => ({ from, to, points }));

function quality(edges) {
  let length = 0, crossings = 0;
  const boxes = edges.map(({ points }) => {
    let x0 = Infinity, y0 = Infinity, x1 = -Infinity, y1 = -Infinity;
    points.forEach(([x, y], i) => {
      x0 = Math.min(x0, x); x1 = Math.max(x1, x); y0 = Math.min(y0, y); y1 = Math.max(y1, y);
      if (i > 0) length += Math.hypot(x - points[i - 1][0], y - points[i - 1][1]);
    });
    return [x0, y0, x1, y1];
  });
  for (let a = 0; a < edges.length; ++a)
    for (let b = a + 1; b < edges.length; ++b) {
      const e = edges[a], f = edges[b], p = boxes[a], q = boxes[b];
      if (e.from === f.from || e.from === f.to || e.to === f.from || e.to === f.to) continue;
      if (p[2] < q[0] || q[2] < p[0] || p[3] < q[1] || q[3] < p[1]) continue;
      if (meet(e.points, f.points)) ++crossings;
    }
  return { length, crossings };
}

function meet(a, b) {
  const side = (p, q, r) => Math.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]));
  for (let i = 1; i < a.length; ++i)
    for (let j = 1; j < b.length; ++j)
      if (side(a[i - 1], a[i], b[j - 1]) * side(a[i - 1], a[i], b[j]) < 0 &&
          side(b[j - 1], b[j], a[i - 1]) * side(b[j - 1], b[j], a[i]) < 0) return true;
  return false;
}

function cpuMs(work) {
  const begin = process.cpuUsage();
  work();
  const used = process.cpuUsage(begin);
  return (used.user + used.system) / 1000;
}

const pad = (value, width) => String(value).padStart(width);
const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b), half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};

if (!noTimes) {
  console.log(`${'CPU ms, all open'.padEnd(20)}${pad('scopes', 8)}${pad('ours', 10)}${pad('dagre', 10)}${pad('ratio', 8)}`);
  for (const graph of ['rnn_100', 'wide_100', 'rnn_1000', 'wide_1000', 'rnn_5000', 'wide_5000', 'rnn_10000', 'wide_10000']) {
    const { ms: ours, scopes } = drawn(graph);
    if (dagre) scopes.slice(0, 20).forEach(layOutWithDagre); // compiled before it is timed
    const theirs = dagre ? cpuMs(() => scopes.forEach(layOutWithDagre)) : NaN;
    console.log(`${graph.padEnd(20)}${pad(scopes.length, 8)}${pad(ours.toFixed(2), 10)}${pad(theirs.toFixed(0), 10)}` +
                `${pad((theirs / ours).toFixed(0), 8)}`);
  }
}

const engines = { ours: ofOurs, ...(dagre && { dagre: ofDagre }), ...(hasDot && { dot: ofDot }) };
const ratios = {};
console.log(`\n${'all open'.padEnd(34)}${pad('edges', 7)}  crossings: ` +
  Object.keys(engines).map((name) => pad(name, 7)).join('') + '   length in 1000 px: ' +
  Object.keys(engines).map((name) => pad(name, 8)).join(''));
const graphs = rest.length > 0 ? rest
  : ['rnn_100', 'rnn_200', 'rnn_300', 'rnn_500', 'rnn_1000', 'wide_100', 'wide_200', 'wide_300', 'wide_500', 'wide_1000'];
for (const graph of graphs) {
  const { scopes } = drawn(graph);
  const sums = {};
  for (const [name, layOut] of Object.entries(engines)) {
    sums[name] = { crossings: 0, length: 0 };
    for (const scope of scopes) {
      if (scope.edges.length === 0) continue;
      const q = quality(layOut(scope));
      sums[name].crossings += q.crossings;
      sums[name].length += q.length;
    }
  }
  const edges = scopes.reduce((sum, scope) => sum + scope.edges.length, 0);
  console.log(`${path.basename(graph).slice(-34).padEnd(34)}${pad(edges, 7)}             ` +
    Object.keys(engines).map((name) => pad(sums[name].crossings, 7)).join('') + '                      ' +
    Object.keys(engines).map((name) => pad((sums[name].length / 1000).toFixed(1), 8)).join(''));
  for (const name of Object.keys(engines).slice(1)) {
    ratios[name] ??= { crossings: [], length: [] };
    ratios[name].crossings.push((sums.ours.crossings + 1) / (sums[name].crossings + 1));
    ratios[name].length.push(sums.ours.length / sums[name].length);
  }
}
for (const [name, r] of Object.entries(ratios))
  console.log(`median ratio ours/${name}: crossings (each +1) ${median(r.crossings).toFixed(2)}, length ${median(r.length).toFixed(2)}`);
