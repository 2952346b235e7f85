/** The titles of all tests and groups in the text of a test file, table-driven ones as templates. */
export function titlesIn(source: string): string[] {
  return [...source.matchAll(TITLE)].map((match) => match[2] ?? '');
}

/** A call of `describe`, `it` or `test`, or of what their `.each(table)` returned. */
const TITLE = /(?:\b(?:describe|it|test)(?:\.each)?|\))\(\s*(['"`])((?:(?!\1|\\).|\\.)*)\1\s*,/gs;

/** The rows of a Markdown table whose first cell fits, cell by cell. */
export function tableRows(markdown: string, firstCell: RegExp): string[][] {
  return markdown
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .filter(([first]) => firstCell.test(first ?? ''));
}

/** The test files that a cell names in backticks. */
export function filesNamedIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`\s]+\.test\.ts)`/g)].map((match) => match[1] ?? '');
}

/** Whether a title names an id, and not only a longer one that begins or ends like it. */
export function hasWord(id: string): (title: string) => boolean {
  const word = new RegExp(`(^|[^\\w-])${id}(?!\\w)`);
  return (title) => word.test(title);
}
