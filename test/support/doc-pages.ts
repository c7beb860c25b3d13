/** The pages of docs/ that are written by hand; the code writes the others. Each answers one question. */
export const pages = ['archives', 'credentials', 'delivery', 'records', 'when-it-fails'].map(name => `docs/${name}.md`);
