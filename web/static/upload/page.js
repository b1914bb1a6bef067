// What the page gives: the form and its addresses, and the sentences that stand in it.

export const $ = (id) => document.getElementById(id);
export const common = (name) => $(`all-${name}`);
export const form = $("upload");
export const { case: caseId, endpoint, me, item, zone } = form.dataset;
export const says = $("says").dataset;
