"use strict";
// The page: what is in the report, made visible.

const report = JSON.parse(document.getElementById("data").textContent);
const select = d3.select;

/// The loop nest that a kernel is named for on this page: its last, which gives its result.
const familyOf = kernel => kernel.cases[0].nests[kernel.cases[0].nests.length - 1].family;
const families = [...new Set(report.kernels.map(familyOf))];
const betweenKernels = "between kernels";
const familyColor = family => family === betweenKernels ? "var(--strong)" : `var(--c${families.indexOf(family) % 8})`;
const kernelColor = name => {
  const kernel = report.kernels.find(each => each.name === name);
  return kernel ? familyColor(familyOf(kernel)) : "var(--strong)";
};

//===-- Figures -------------------------------------------------------------===

/// The most that was measured: on a busy machine not always that of registers.
const peak = report.limits ? d3.max(d3.values(report.limits.arithmetic)) : 0;

/// What memory and registers allow: the time that is the longer of both.
function allowedSeconds(work) {
  return Math.max(work.flops / peak, work.bytes / report.limits.read.memory);
}

const isTimed = report.calls.length > 0 && "seconds" in report.calls[0];

for (const call of report.calls) {
  call.title = `${call.call}  ${[...new Set(call.entries.map(entry => entry.name))].join(", ")}`;
  for (const work of call.kernels) {
    work.of = report.kernels[work.kernel];
    work.share = isTimed ? work.seconds * work.count / call.seconds : 0;
  }
  if (!isTimed)
    continue;
  const parts = families.map(family => ({family, seconds: d3.sum(call.kernels.filter(work => familyOf(work.of) === family), work => work.seconds * work.count)}));
  parts.push({family: betweenKernels, seconds: Math.max(0, call.seconds - d3.sum(parts, part => part.seconds))});
  const whole = d3.sum(parts, part => part.seconds);
  let begin = 0;
  call.families = parts.filter(part => part.seconds > 0);
  for (const part of call.families) {
    Object.assign(part, {begin, share: part.seconds / whole, color: familyColor(part.family)});
    begin += part.share;
  }
}

//===-- Tables --------------------------------------------------------------===

/// Columns are [heading, text of a row, class].
function fillTable(table, columns, rows) {
  table.textContent = "";
  select(table).append("thead").append("tr").selectAll("th").data(columns).enter().append("th").attr("class", column => column[2]).text(column => column[0]);
  const lines = select(table).append("tbody").selectAll("tr").data(rows).enter().append("tr");
  for (const [, text, kind] of columns)
    lines.append("td").attr("class", kind).each(function (row) {
      const content = text(row);
      content instanceof Node ? this.appendChild(content) : this.textContent = content;
    });
}

function link(text, target) {
  const anchor = document.createElement("a");
  anchor.href = "#" + target;
  anchor.textContent = text;
  anchor.addEventListener("click", () => document.getElementById(target).open = true);
  return anchor;
}

function shareBar(work) {
  const span = document.createElement("span");
  span.textContent = percent(work.share);
  select(span).append("span").attr("class", "bar").style({width: Math.round(70 * work.share) + "px", background: kernelColor(work.of.name)});
  return span;
}

/// Figures of a kernel in a call, as far as they are known.
function workColumns() {
  const columns = [["times", work => work.count], ["FLOP", work => quantity(work.flops, "")], ["bytes", work => quantity(work.bytes, "B")],
    ["of parameters", work => quantity(work.parameter_bytes, "B")]];
  if (!isTimed)
    return columns;
  columns.push(["time", work => duration(work.seconds)], ["FLOP/s", work => work.flops ? quantity(work.flops / work.seconds, "") : "–"],
               ["bytes/s", work => quantity(work.bytes / work.seconds, "B")]);
  if (report.limits)
    columns.push(["of allowed", work => percent(allowedSeconds(work) / work.seconds)]);
  return columns;
}

//===-- Sections ------------------------------------------------------------===

function showHead() {
  select("h1").text(report.name);
  const {machine, limits} = report;
  let facts = `Compiled by tenon ${report.compiler}. Kernels for ${report.target}, ${report.kernels.length} of them`;
  facts += isTimed ? `, run by ${machine.threads} threads on ${machine.cpu}.` : ". Nothing was timed.";
  if (limits)
    facts += ` Measured limits: ${quantity(peak, "FLOP/s")}, ${quantity(limits.read.memory, "B/s")} from memory.`;
  select("#facts").text(facts);
}

function showModel() {
  if (!report.model) {
    select("#model").selectAll("div, details").remove();
    select("#model").append("p").attr("class", "note").text("The library was compiled from functions: it has no spec that could be drawn.");
    return;
  }
  // Beside each other where there is room.
  const picture = 396 * report.model.stacks.length;
  if (innerWidth > picture + 480) {
    select("#model .pair").style({display: "grid", gap: "0 28px", "grid-template-columns": `minmax(0, ${picture}px) minmax(0, 1fr)`});
    document.getElementById("spec").open = true;
  }
  drawModel(document.getElementById("picture"), report.model);
  select("#spec pre").selectAll("span").data(report.model.spec.trimEnd().split("\n")).enter().append("span").attr({class: "line", "data-number": (line, index) => index + 1}).text(line => line);
}

function showCall(index) {
  const call = report.calls[index];
  select("#call h2").text(`Kernels of the call ${call.call}`);
  const what = call.entries.map(entry => `${entry.name} (${Object.entries(entry.sizes).map(([name, size]) => `${name} ${size}`).join(", ")})`).join(", then ");
  let note = `Runs ${what}.`;
  if (isTimed)
    note += ` ${duration(call.seconds)}, from ${duration(d3.min(call.samples))} to ${duration(d3.max(call.samples))} in ${call.samples.length} calls.`;
  if (isTimed && report.limits)
    note += " Allowed is the longer of two times: that of the operations in registers, and that of reading each byte once from memory; caches can read faster.";
  select("#call-note").text(note);
  const rows = call.kernels.slice().sort((a, b) => b.share - a.share || b.flops - a.flops);
  const columns = [["kernel", work => link(work.of.name, "kernel-" + work.of.name)]];
  if (isTimed)
    columns.push(["share", shareBar]);
  fillTable(document.getElementById("call-kernels"), columns.concat(workColumns()), rows);
  showRoofline(call);
  showMemory(call);
}

function showRoofline(call) {
  if (!report.limits) {
    select("#roof").text("Neither kernels nor this machine's limits were measured.");
    select("#no-products").text("");
    return;
  }
  const points = call.kernels.filter(work => work.flops > 0).map(work => ({
    name: work.of.name, intensity: work.flops / work.bytes, speed: work.flops / work.seconds, share: work.share,
    reached: allowedSeconds(work) / work.seconds, color: kernelColor(work.of.name)
  }));
  drawRoofline(document.getElementById("roof"), report.limits, points, point => openKernel(point.name));
  const others = [...new Set(call.kernels.filter(work => !work.flops).map(work => work.of.name))];
  select("#no-products").text(others.length ? `Not drawn, since they sum up no products: ${others.join(", ")}.` : "");
}

function openKernel(name) {
  const details = document.getElementById("kernel-" + name);
  details.open = true;
  details.scrollIntoView();
}

function showMemory(call) {
  const plans = select("#plans");
  plans.selectAll("*").remove();
  for (const entry of call.entries) {
    const plan = entry.memory;
    plans.append("h3").text(entry.name);
    if (!plan || !plan.steps.length) {
      plans.append("p").attr("class", "note").text("The library has no plan of it.");
      continue;
    }
    const buffers = plan.slots.flatMap(slot => slot.buffers), alone = d3.sum(buffers, buffer => buffer.bytes);
    const live = d3.max(plan.steps.concat(""), (step, index) => d3.sum(buffers.filter(buffer => buffer.steps[0] <= index && index < buffer.steps[1]), buffer => buffer.bytes));
    plans.append("p").attr("class", "note").text(`${quantity(plan.bytes, "B")} in ${plan.slots.length} slots; ${quantity(alone, "B")} if no buffers shared one; at most ${quantity(live, "B")} are needed at one time.`);
    drawMemory(plans.append("div").attr("class", "chart").node(), plan, report.loops[entry.name] || {}, kernelColor);
  }
}

function showCalls(chosen) {
  if (isTimed) {
    drawShares(document.getElementById("shares"), report.calls, chosen, showAll);
  } else {
    select("#time .note").text("Nothing was timed. Choose a call to see its kernels below.");
    const buttons = select("#shares").text("").selectAll("button").data(report.calls).enter().append("button").on("click", (call, index) => showAll(index));
    buttons.text(call => call.title).attr("aria-pressed", (call, index) => index === chosen);
  }
  const legend = select("#families").text("").selectAll("span.family").data(isTimed ? families.concat(betweenKernels) : families).enter().append("span").attr("class", "family");
  legend.append("span").attr("class", "swatch").style("background", familyColor);
  legend.append("span").text(family => family);
}

//===-- Kernels -------------------------------------------------------------===

function tunedText(kernel) {
  const tuned = kernel.tuned;
  if (!tuned)
    return "";
  if ("elsewhere" in tuned)
    return "tuned on other machines or by other versions only";
  const gain = tuned.ratio < 1 ? `${percent(tuned.ratio)} of the default's time` : "nothing faster than the default was found";
  return `tuned: ${gain} over ${tuned.calls}, weights ${tuned.weights}` + (tuned.used ? "" : "; the library was compiled with another schedule");
}

function scheduleText(kernel) {
  return kernel.default ? "the default schedule" : kernel.tuned && kernel.tuned.used ? "the tuned schedule" : "a schedule other than the default";
}

function showKernels() {
  const details = select("#kernel-list").selectAll("details").data(report.kernels).enter().append("details").attr({class: "kernel", id: kernel => "kernel-" + kernel.name});
  const summary = details.append("summary");
  summary.append("span").attr("class", "swatch").style("background", kernel => kernelColor(kernel.name));
  summary.append("strong").text(kernel => kernel.name);
  summary.append("span").text(scheduleText);
  summary.filter(kernel => kernel.tuned).append("span").attr("class", kernel => kernel.tuned.ratio < 1 ? "tuned" : "").text(tunedText);
  details.each(function (kernel) { fillKernel(select(this), kernel); });
}

function fillKernel(details, kernel) {
  const spec = report.model ? report.model.spec.split("\n") : [];
  const section = title => { details.append("h3").text(title); return details; };
  if (kernel.lines.length) {
    section(kernel.parameters.length ? "Lines of the spec" : "Lines of the spec that it goes on from");
    details.append("pre").selectAll("span").data(kernel.lines).enter().append("span").attr({class: "line", "data-number": line => line}).text(line => spec[line - 1].trim());
  }
  section("Operations").append("p").text(kernel.operations.join(", "));
  if (kernel.parameters.length)
    section("Parameters").append("p").text(kernel.parameters.join(", "));
  section(kernel.cases.length > 1 ? "Schedule: the first case that fits a call" : "Schedule");
  const nests = kernel.cases.flatMap(each => each.nests.map((nest, index) => ({when: index ? "" : each.when || "all calls", nest})));
  fillTable(details.append("div").attr("class", "scroll").append("table").node(), [["for", row => row.when], ["loop nest", row => row.nest.family, "text"],
    ["parameters", row => Object.entries(row.nest.parameters).map(([name, value]) => `${name} ${value}`).join(", "), "text"]], nests);
  if (kernel.tuned)
    details.append("p").text(tunedText(kernel) + ".");
  const works = report.calls.flatMap(call => call.kernels.filter(work => work.of === kernel).map(work => Object.assign({call: call.call}, work)));
  section("In calls");
  if (works.length)
    fillTable(details.append("div").attr("class", "scroll").append("table").node(), [["call", work => work.call]].concat(workColumns()), works);
  else
    details.append("p").text("None of the calls runs it.");
  section("IR").append("pre").text(kernel.ir);
  details.append("p").attr("class", "note").text(`signature ${kernel.signature}`);
}

//===-- All of it -----------------------------------------------------------===

let shown = 0;
function showAll(index) {
  shown = index;
  showCalls(index);
  showCall(index);
}

showHead();
showModel();
showKernels();
showAll(0);
let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === width)
    return;
  width = innerWidth;
  if (report.model)
    drawModel(document.getElementById("picture"), report.model);
  showAll(shown);
});
