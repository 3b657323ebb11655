/** A table to save: the name of its file, its columns and its rows. */
export interface CsvTable {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** The table as RFC 4180 text. Text that a spreadsheet would run as a formula is kept as text. */
export function csvText(table: CsvTable): string {
  return [table.columns, ...table.rows].map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n';
}

/** Saves the table as a file. */
export function saveCsv(table: CsvTable): void {
  const address = URL.createObjectURL(new Blob([csvText(table)], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = `${table.name}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/** An instant as a cell: RFC 3339, or empty. */
export function instantCell(instant: number | null): string {
  return instant === null ? '' : new Date(instant).toISOString();
}

function cell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
