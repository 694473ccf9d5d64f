// What is being typed or ticked on this very page: the only state that the gateway does not have. Gone with the page.

let draft = {};
let page = "";

export function draftOf(name) {
  if (name !== page) forget();
  page = name;
  return draft;
}

export function forget() {
  draft = {};
  page = "";
}
