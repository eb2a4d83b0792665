/** How many of something, in words. */
import { asCount } from './format';

export const plural = (n: number, one: string, many: string) => `${asCount(n)} ${n === 1 ? one : many}`;
export const customers = (n: number) => plural(n, 'customer', 'customers');
