/** Numbers, money and dates as the browser's locale writes them. */

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const plain = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const figure = new Intl.NumberFormat(undefined, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 });
const signed = new Intl.NumberFormat(undefined, { signDisplay: 'exceptZero', maximumFractionDigits: 0 });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' });
const dayOfMonth = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });
const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const list = new Intl.ListFormat(undefined, { type: 'conjunction' });

export const asCount = (n: number) => whole.format(n);
export const asNumber = (n: number) => plain.format(n);
/** A measure of quality, to three places so that columns compare. */
export const asFigure = (n: number) => figure.format(n);
export const asShare = (n: number) => percent.format(n);
export const asChange = (n: number) => signed.format(n);
export const asList = (words: string[]) => list.format(words);

const ungrouped = new Intl.NumberFormat(undefined, { useGrouping: false, maximumFractionDigits: 12 });
const decimalSign = plain.formatToParts(0.5).find(({ type }) => type === 'decimal')?.value ?? '.';

/** A number as it is typed: without the signs between thousands. */
export const asPlainNumber = (n: number) => ungrouped.format(n);

/**
 * Return the number that a text says, or undefined. The locale's decimal sign is read as one, and the
 * other of point and comma where it cannot stand between thousands: 1.5 is one and a half in German too.
 */
export function numberIn(text: string, decimal = decimalSign): number | undefined {
  const bare = text.replace(/[\s'’]/g, '').replace('−', '-');
  const group = decimal === ',' ? '.' : ',';
  const thousands = bare.includes(decimal) || new RegExp(`^-?\\d{1,3}(\\${group}\\d{3})+$`).test(bare);
  const plainly = thousands ? bare.replaceAll(group, '').replace(decimal, '.') : bare.replace(group, '.');
  return /^-?(\d+\.?\d*|\.\d+)$/.test(plainly) ? Number(plainly) : undefined;
}

/** `YYYY-MM-DD` as a date of the reader's; a calendar day has no time zone. */
export const asDay = (iso: string) => day.format(new Date(`${iso.slice(0, 10)}T00:00:00Z`));

/** The same, of a year that is known from elsewhere. */
export const asDayOfMonth = (iso: string) => dayOfMonth.format(new Date(`${iso.slice(0, 10)}T00:00:00Z`));

/** As short as it can be, such as 1.2K. */
export const asShort = (n: number) => compact.format(n);

export const asMoment = (iso: string) => moment.format(new Date(iso));

export const asMoney = (n: number, currency: string) =>
  new Intl.NumberFormat(undefined, { style: 'currency', currency }).format(n);

/** The currency's sign, such as €, as it stands beside an input. */
export function currencySign(currency: string): string {
  const parts = new Intl.NumberFormat(undefined, { style: 'currency', currency, currencyDisplay: 'narrowSymbol' });
  return parts.formatToParts(0).find((part) => part.type === 'currency')?.value ?? currency;
}
