// The editor makes its style sheets as it runs. The page's policy allows those that carry the nonce of
// this page, and no others.

const { nonce } = document.querySelector("meta[property=csp-nonce]");
const create = document.createElement.bind(document);

document.createElement = (name, options) => {
  const element = create(name, options);
  if (name === "style") element.nonce = nonce;
  return element;
};
