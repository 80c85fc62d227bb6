"use strict";
// The drawings. Each takes the element to draw in, whose width it fills, and data of the report.

const tip = d3.select("#tip");

/// Shows `text(datum)` beside the pointer.
function withTip(selection, text) {
  selection.on("mousemove", datum => {
    tip.text(text(datum)).style("visibility", "visible");
    const box = tip.node().getBoundingClientRect(), event = d3.event;
    tip.style("left", Math.max(4, Math.min(event.clientX + 14, innerWidth - box.width - 8)) + "px")
       .style("top", (event.clientY + 18 + box.height > innerHeight ? event.clientY - box.height - 10 : event.clientY + 18) + "px");
  }).on("mouseleave", () => tip.style("visibility", "hidden"));
  return selection;
}

const prefixes = [[1e15, "P"], [1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""]];
/// A quantity with a decimal prefix and three digits.
function quantity(value, unit) {
  if (!value)
    return "0 " + unit;
  const [scale, prefix] = prefixes.find(([scale]) => value >= scale) || [1, ""];
  return `${Number((value / scale).toPrecision(3))} ${prefix}${unit}`;
}
function duration(seconds) {
  const [scale, unit] = [[1, "s"], [1e-3, "ms"], [1e-6, "µs"]].find(([scale]) => seconds >= scale) || [1e-6, "µs"];
  return `${Number((seconds / scale).toPrecision(3))} ${unit}`;
}
const percent = part => `${(100 * part).toFixed(part < .1 ? 1 : 0)} %`;
const ellipsis = (text, length) => text.length > length ? text.slice(0, Math.max(1, length - 1)) + "…" : text;

function canvas(element, width, height, label) {
  element.textContent = "";
  return d3.select(element).append("svg").attr({width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label});
}

//===-- The model -----------------------------------------------------------===

const rowHeight = 54, rowGap = 12, columnGap = 56;

/// What the spec says behind a key of the model itself.
function lineOf(model, key) {
  const line = model.spec.split("\n").find(line => line.startsWith(key + ":"));
  return line ? line.slice(key.length + 1).trim() : "";
}

/// The rows of a stack's column: its input, the sublayers of its blocks, what stands on it.
function rowsOfStack(stack, model) {
  const input = stack.parts.length ? "rows of " + stack.parts.join(", ") : stack.input.text;
  const rows = [{boxes: [{title: "input", detail: input.replace(/^input: /, ""), line: stack.input.line}], sources: stack.parts}];
  stack.blocks.forEach(block => block.forEach(sublayer => {
    const inner = sublayer.parallel || [sublayer];
    const boxes = inner.map(each => ({title: each.name, detail: each.text.replace(/^[\w-]+: /, ""), line: each.line}));
    const sources = inner.flatMap(each => each.sources || []).map(source => source.stack);
    rows.push({boxes, sources, within: true});
  }));
  for (const part of ["pooling", "head"])
    if (model[part] && model[part].stack === stack.name)
      rows.push({boxes: [{title: part, detail: lineOf(model, part)}], sources: []});
  return rows;
}

function drawModel(element, model) {
  const columns = model.stacks.map(stack => ({stack, rows: rowsOfStack(stack, model)}));
  const width = element.clientWidth, fits = (width - columnGap * (columns.length - 1)) / columns.length;
  const columnWidth = Math.max(columns.length > 1 ? 136 : 200, Math.min(340, fits)), head = 30;
  columns.forEach((column, index) => {
    column.x = index * (columnWidth + columnGap);
    let y = head;
    column.rows.forEach((row, number) => {
      const before = column.rows[number - 1];
      // A frame is around those within.
      y += number ? rowHeight + rowGap + (row.within && !before.within ? 20 : !row.within && before.within ? 36 : 0) : 0;
      row.y = y;
    });
    const within = column.rows.filter(row => row.within);
    column.top = within.length ? within[0].y - 10 : head;
    column.bottom = within.length ? within[within.length - 1].y + rowHeight + 24 : head;
  });
  const height = d3.max(columns, column => column.rows[column.rows.length - 1].y) + rowHeight + 30;
  const svg = canvas(element, Math.max(width, columns.length * (columnWidth + columnGap) - columnGap), height, "the model's stacks");
  element.style.overflowX = "auto";
  svg.style("max-width", "none");
  for (const name of ["", "source"])
    svg.append("marker").attr({id: "arrow" + name, class: name, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto", markerUnits: "userSpaceOnUse"})
       .append("path").attr("d", "M0,0L8,4L0,8z");
  for (const column of columns) {
    const {stack, rows, x} = column, inset = 10;
    svg.append("text").attr({x, y: 18}).style("font-weight", 600).text(stack.name);
    svg.append("text").attr({x: x + columnWidth, y: 18, "text-anchor": "end", class: "soft"}).text(`width ${stack.width}`);
    svg.append("rect").attr({class: "frame", x, y: column.top, width: columnWidth, height: column.bottom - column.top, rx: 6});
    const turns = stack.blocks.length > 1 ? `, ${stack.blocks.length} blocks in turn` : "";
    svg.append("text").attr({x: x + columnWidth - inset, y: column.bottom - 8, "text-anchor": "end", class: "soft"}).text(`× ${stack.layers} layers${turns}`);
    rows.forEach((row, number) => {
      if (number)
        svg.append("path").attr({class: "wire", "marker-end": "url(#arrow)", d: `M${x + columnWidth / 2},${rows[number - 1].y + rowHeight}V${row.y}`});
      const boxWidth = (columnWidth - 2 * inset - (row.boxes.length - 1) * 8) / row.boxes.length;
      row.boxes.forEach((box, place) => {
        const left = x + inset + place * (boxWidth + 8), group = svg.append("g").datum(box);
        group.append("rect").attr({class: "box", x: left, y: row.y, width: boxWidth, height: rowHeight, rx: 5});
        const letters = Math.floor((boxWidth - 16) / 6.3);
        group.append("text").attr({x: left + 8, y: row.y + 21}).style("font-weight", 600).text(ellipsis(box.title, letters));
        group.append("text").attr({x: left + 8, y: row.y + 40, class: "soft"}).text(ellipsis(box.detail, letters));
        withTip(group, each => each.title + (each.detail ? ": " + each.detail : "") + (each.line ? `\nline ${each.line} of the spec` : ""));
      });
    });
  }
  // Keys, values and rows that come from other stacks.
  for (const column of columns)
    for (const row of column.rows)
      for (const name of row.sources) {
        const from = columns.find(each => each.stack.name === name);
        if (!from || from === column)
          continue;
        const right = from.x < column.x, startX = right ? from.x + columnWidth : from.x, endX = right ? column.x + 10 : column.x + columnWidth - 10;
        const startY = from.bottom - 16, endY = row.y + rowHeight / 2, bend = (right ? 1 : -1) * columnGap * .6;
        svg.append("path").attr({class: "wire source", "marker-end": "url(#arrowsource)", d: `M${startX},${startY}C${startX + bend},${startY} ${endX - bend},${endY} ${endX},${endY}`});
      }
}

//===-- Where the time goes -------------------------------------------------===

/// A bar for each call, of the shares that families of kernels have; `choose(index)` where one is picked.
function drawShares(element, calls, chosen, choose) {
  const width = element.clientWidth, left = Math.min(190, width * .36), right = 62, rowSize = 34;
  const svg = canvas(element, width, calls.length * rowSize, "shares of each call's time");
  const x = d3.scale.linear().range([left, width - right]);
  const rows = svg.selectAll("g.row").data(calls).enter().append("g").attr("class", (call, index) => "row" + (index === chosen ? " chosen" : ""))
    .attr({transform: (call, index) => `translate(0,${index * rowSize})`, tabindex: 0, role: "button"})
    .on("click", (call, index) => choose(index)).on("keydown", (call, index) => d3.event.key === "Enter" && choose(index));
  rows.append("rect").attr({width, height: rowSize, fill: "transparent"});
  rows.append("text").attr({y: 21}).text(call => ellipsis(call.title, Math.floor(left / 6.6)));
  rows.append("text").attr({x: width, y: 21, "text-anchor": "end", class: "soft"}).text(call => duration(call.seconds));
  const parts = rows.selectAll("rect.share").data(call => call.families).enter().append("rect").attr({class: "share", y: 6, height: rowSize - 12})
    .attr("x", part => x(part.begin)).attr("width", part => Math.max(0, x(part.begin + part.share) - x(part.begin))).style("fill", part => part.color);
  withTip(parts, part => `${part.family}: ${percent(part.share)}, ${duration(part.seconds)}`);
}

//===-- The roofline --------------------------------------------------------===

const levels = [["firstCache", "first cache"], ["secondCache", "second cache"], ["lastCache", "last cache"], ["memory", "memory"]];
const peaks = [["registers", "in registers"], ["firstCache", "fed from the first cache"], ["secondCache", "fed from the second cache"]];

function drawRoofline(element, limits, points, onPick) {
  const width = element.clientWidth, height = Math.round(Math.max(320, Math.min(480, width * .62)));
  const margin = {left: 62, right: 14, top: 14, bottom: 42}, narrow = width < 500;
  const svg = canvas(element, width, height, "roofline of the kernels");
  const read = levels.filter(([key]) => limits.read[key] > 0), top = d3.max(peaks, ([key]) => limits.arithmetic[key]);
  const ridge = top / limits.read.memory;
  const domain = [Math.min(.1, d3.min(points, point => point.intensity) / 2 || .1), Math.max(4 * ridge, 2 * (d3.max(points, point => point.intensity) || 1))];
  const floor = Math.min(limits.read.memory * domain[0] * 2, d3.min(points, point => point.speed) / 2 || Infinity);
  const x = d3.scale.log().domain(domain).range([margin.left, width - margin.right]);
  const y = d3.scale.log().domain([floor, top * 2]).range([height - margin.bottom, margin.top]);
  const decades = scale => scale.ticks().filter(tick => Math.abs(Math.log10(tick) - Math.round(Math.log10(tick))) < 1e-9);
  svg.append("g").attr({class: "axis", transform: `translate(0,${height - margin.bottom})`}).call(d3.svg.axis().scale(x).tickValues(decades(x)).tickFormat(tick => `${Number(tick.toPrecision(3))}`));
  svg.append("g").attr({class: "axis", transform: `translate(${margin.left},0)`}).call(d3.svg.axis().scale(y).orient("left").tickValues(decades(y)).tickFormat(tick => quantity(tick, "")));
  svg.append("text").attr({x: width - margin.right, y: height - 6, "text-anchor": "end", class: "soft"}).text("FLOP for each byte that must be moved");
  svg.append("text").attr({x: 4, y: 12, class: "soft"}).text("FLOP/s");
  svg.append("clipPath").attr("id", "plot").append("rect").attr({x: margin.left, y: margin.top, width: width - margin.left - margin.right, height: height - margin.top - margin.bottom});
  const plot = svg.append("g").attr("clip-path", "url(#plot)");
  for (const [key, name] of read) {
    const speed = limits.read[key], end = Math.min(domain[1], top / speed);
    const line = plot.append("path").attr({class: "roof " + key, d: `M${x(domain[0])},${y(speed * domain[0])}L${x(end)},${y(speed * end)}`});
    withTip(line.datum(key), () => `${name}: ${quantity(speed, "B/s")} read`);
    if (narrow && key !== "firstCache" && key !== "memory")
      continue;
    // Along the line, where it enters the plot.
    const start = Math.max(domain[0], floor / speed) * (x.range()[1] / x.range()[0] > 12 ? 1.25 : 1.5);
    const slope = Math.atan2(y(10) - y(100), x(100) - x(10)) * 180 / Math.PI;
    plot.append("text").attr({class: "soft", transform: `translate(${x(start)},${y(speed * start) - 5})rotate(${-slope})`}).style("font-size", "11px").text(`${name} ${quantity(speed, "B/s")}`);
  }
  peaks.filter(([key]) => limits.arithmetic[key] > 0).forEach(([key, name]) => {
    const speed = limits.arithmetic[key];
    const line = plot.append("path").attr({class: "roof " + key, d: `M${x(Math.max(domain[0], speed / d3.max(read, ([level]) => limits.read[level])))},${y(speed)}H${x(domain[1])}`});
    withTip(line.datum(key), () => `${name}: ${quantity(speed, "FLOP/s")}`);
  });
  const speedOf = key => quantity(limits.arithmetic[key], "FLOP/s");
  plot.append("text").attr({class: "soft", x: width - margin.right - 4, y: y(limits.arithmetic.registers) - 7, "text-anchor": "end"}).style("font-size", "11px")
    .text(`in registers ${speedOf("registers")}` + (narrow ? "" : `, fed from the first cache ${speedOf("firstCache")}, from the second ${speedOf("secondCache")}`));
  const radius = d3.scale.sqrt().domain([0, 1]).range([4, narrow ? 16 : 26]);
  const sorted = points.slice().sort((a, b) => b.share - a.share);
  const marks = svg.append("g").selectAll("circle").data(sorted).enter().append("circle").attr({class: "point", cx: point => x(point.intensity), cy: point => y(point.speed), r: point => radius(point.share)})
    .style("fill", point => point.color).on("click", onPick);
  withTip(marks, point => `${point.name}\n${quantity(point.speed, "FLOP/s")} at ${point.intensity.toPrecision(3)} FLOP/B\n${percent(point.reached)} of what memory and registers allow\n${percent(point.share)} of the time`);
  // Names of those that matter, where there is room.
  const taken = [];
  for (const point of sorted.slice(0, narrow ? 4 : 9)) {
    const text = ellipsis(point.name, 26), wide = text.length * 6.4, r = radius(point.share);
    const atLeft = x(point.intensity) + r + 4 + wide > width - margin.right;
    const place = {x: atLeft ? x(point.intensity) - r - 4 - wide : x(point.intensity) + r + 4, y: y(point.speed) + 4, wide};
    if (taken.some(other => Math.abs(other.y - place.y) < 13 && place.x < other.x + other.wide && other.x < place.x + wide))
      continue;
    taken.push(place);
    svg.append("text").attr({x: atLeft ? place.x + wide : place.x, y: place.y, "text-anchor": atLeft ? "end" : "start"}).style({"font-size": "11.5px", "pointer-events": "none"}).text(text);
  }
}

//===-- The memory plan -----------------------------------------------------===

/// Buffers over the calls of kernels, slots on top of each other.
function drawMemory(element, plan, loop, colorOf) {
  const width = element.clientWidth, steps = plan.steps, narrow = width < 560;
  const margin = {left: 66, right: 8, top: 24, bottom: narrow ? 26 : 120}, height = 260 + margin.bottom;
  const svg = canvas(element, width, height, "memory of " + plan.name);
  const x = d3.scale.linear().domain([0, steps.length]).range([margin.left, width - margin.right]);
  const y = d3.scale.linear().domain([0, plan.bytes || 1]).range([height - margin.bottom, margin.top]);
  svg.append("g").attr({class: "axis", transform: `translate(${margin.left},0)`}).call(d3.svg.axis().scale(y).orient("left").ticks(5).tickFormat(tick => quantity(tick, "B")));
  const looped = steps.map((step, index) => loop[step] ? index : -1).filter(index => index >= 0);
  if (looped.length) {
    const begin = d3.min(looped), end = d3.max(looped) + 1;
    svg.append("rect").attr({class: "frame", x: x(begin), y: margin.top - 4, width: x(end) - x(begin), height: y(0) - margin.top + 8});
    svg.append("text").attr({x: (x(begin) + x(end)) / 2, y: 12, "text-anchor": "middle", class: "soft"}).text(`× ${loop[steps[begin]]}`);
  }
  let base = 0;
  for (const slot of plan.slots) {
    svg.append("rect").attr({class: "slot", x: x(0), y: y(base + slot.bytes), width: x(steps.length) - x(0), height: y(base) - y(base + slot.bytes)});
    const bottom = base;
    const buffers = svg.append("g").selectAll("rect").data(slot.buffers).enter().append("rect").attr({class: "buffer", x: buffer => x(buffer.steps[0]), y: buffer => y(bottom + buffer.bytes)})
      .attr("width", buffer => Math.max(2, x(buffer.steps[1]) - x(buffer.steps[0]))).attr("height", buffer => Math.max(1.5, y(bottom) - y(bottom + buffer.bytes))).style("fill", buffer => colorOf(buffer.name));
    withTip(buffers, buffer => `${buffer.name}: ${quantity(buffer.bytes, "B")}\n${buffer.type} [${buffer.shape.join(" × ")}]\n` + (buffer.until ? `until ${buffer.until}` : "until the driver has read it"));
    slot.buffers.forEach(buffer => {
      const room = x(buffer.steps[1]) - x(buffer.steps[0]);
      if (y(bottom) - y(bottom + buffer.bytes) > 14 && room > 40)
        svg.append("text").attr({x: x(buffer.steps[0]) + 5, y: y(bottom + buffer.bytes / 2) + 4}).style({"font-size": "11px", "pointer-events": "none"}).text(ellipsis(buffer.name, Math.floor((room - 8) / 6.2)));
    });
    base += slot.bytes;
  }
  const marks = svg.append("g").selectAll("text").data(steps).enter().append("text").attr("class", "soft").style("font-size", "11px");
  if (narrow)
    marks.attr({x: (step, index) => x(index + .5), y: height - 8, "text-anchor": "middle"}).text((step, index) => steps.length > 16 && index % 4 ? "" : index + 1);
  else
    marks.attr("transform", (step, index) => `translate(${x(index + .5) + 4},${height - margin.bottom + 10})rotate(-45)`).attr("text-anchor", "end").text(step => ellipsis(step, 24));
}
