/* SPDX-License-Identifier: MIT
 * layout.js: put into a page by report.sh: tells the page around it what is cut, or lies over something else. */
'use strict';
const problems = [];
const say = (what, text) => problems.push(what + ': ' + text.trim().slice(0, 60));

/* What is left of a box where its element ends it with an ellipsis. */
function shown(box, element) {
  if (getComputedStyle(element).textOverflow !== 'ellipsis')
    return box;
  const edge = element.getBoundingClientRect();
  const left = Math.max(box.left, edge.left), top = Math.max(box.top, edge.top);
  return new DOMRect(left, top, Math.min(box.right, edge.right) - left, Math.min(box.bottom, edge.bottom) - top);
}

function textBoxes() {
  const boxes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest('.tip,script,style,title') || !parent.checkVisibility())
      continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects())
      boxes.push({ text: node.data, parent, box: shown(box, parent) });
  }
  return boxes;
}

function overlap(a, b) {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return width > 2 && height > Math.min(a.height, b.height) / 3;
}

function within(inner, outer) {
  return inner.left >= outer.left - 1 && inner.right <= outer.right + 1 && inner.top >= outer.top - 1 &&
         inner.bottom <= outer.bottom + 1;
}

const boxes = textBoxes();
if (document.documentElement.scrollWidth > innerWidth)
  say('the page is wider than the window', String(document.documentElement.scrollWidth));
for (const { text, parent, box } of boxes) {
  const holder = parent.closest('svg') || parent.closest('.card,figure,.results div,pre') || document.body;
  if (!within(box, holder.getBoundingClientRect()))
    say('cut', text);
}
for (const card of document.querySelectorAll('.card,figure,.results div'))
  if (card.scrollWidth > card.clientWidth + 1)
    say('hidden by an edge', card.textContent);
for (let i = 0; i < boxes.length; i++)
  for (let k = i + 1; k < boxes.length; k++)
    if (boxes[i].parent !== boxes[k].parent && overlap(boxes[i].box, boxes[k].box))
      say('overlap', boxes[i].text + ' | ' + boxes[k].text);
for (const image of document.images)
  if (!image.complete || image.naturalWidth === 0)
    say('no image', image.alt);
parent.postMessage(`${name} ${innerWidth}: ${boxes.length > 50 ? '' : 'no text; '}${problems.join('; ') || 'fine'}; ` +
                       `background ${getComputedStyle(document.body).backgroundColor}`, '*');
