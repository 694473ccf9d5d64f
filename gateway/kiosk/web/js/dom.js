// Elements without a framework: what is personal never becomes markup, only text.

export function h(name, given = {}, ...children) {
  return fill(document.createElement(name), given, children);
}

export function svg(name, given = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), given, children);
}

export function picture(name, className) {
  return h("img", { src: `/pictures/${name}.svg`, alt: "", class: className, draggable: "false" });
}

export function button(label, onclick, given = {}) {
  return h("button", { type: "button", onclick, ...given }, label);
}

function fill(node, given, children) {
  for (const [key, value] of Object.entries(given)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}
