/** Numbers, money and dates as the browser's locale writes them. */

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const plain = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 });
const signed = new Intl.NumberFormat(undefined, { signDisplay: 'always', maximumFractionDigits: 0 });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const list = new Intl.ListFormat(undefined, { type: 'conjunction' });

export const asCount = (n: number) => whole.format(n);
export const asNumber = (n: number) => plain.format(n);
export const asShare = (n: number) => percent.format(n);
export const asChange = (n: number) => signed.format(n);
export const asList = (words: string[]) => list.format(words);

/** `YYYY-MM-DD` as a date of the reader's; a calendar day has no time zone. */
export const asDay = (iso: string) => day.format(new Date(`${iso.slice(0, 10)}T00:00:00Z`));

export const asMoment = (iso: string) => moment.format(new Date(iso));

export const asMoney = (n: number, currency: string) =>
  new Intl.NumberFormat(undefined, { style: 'currency', currency }).format(n);

/** The currency's sign, such as €, as it stands beside an input. */
export function currencySign(currency: string): string {
  const parts = new Intl.NumberFormat(undefined, { style: 'currency', currency, currencyDisplay: 'narrowSymbol' });
  return parts.formatToParts(0).find((part) => part.type === 'currency')?.value ?? currency;
}
