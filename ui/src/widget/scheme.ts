/** Light or dark, as the notebook is: every host says it otherwise, but each has a ground one can see. */
import { useSyncExternalStore } from 'react';

type Scheme = 'light' | 'dark';

const system = window.matchMedia('(prefers-color-scheme: dark)');

/** Return the scheme of the nearest ground that is painted behind an element. */
function schemeBehind(element: Element | null): Scheme {
  for (let at = element; at; at = at.parentElement) {
    const [red, green, blue, alpha = 1] = (getComputedStyle(at).backgroundColor.match(/[\d.]+/g) ?? []).map(Number);
    if (red === undefined || green === undefined || blue === undefined || alpha < 0.5) continue;
    return 0.299 * red + 0.587 * green + 0.114 * blue < 128 ? 'dark' : 'light';
  }
  return system.matches ? 'dark' : 'light';
}

function subscribe(told: () => void) {
  const seen = new MutationObserver(told);
  for (const element of [document.documentElement, document.body]) seen.observe(element, { attributes: true });
  system.addEventListener('change', told);
  return () => {
    seen.disconnect();
    system.removeEventListener('change', told);
  };
}

export const useSchemeBehind = (element: Element): Scheme => useSyncExternalStore(subscribe, () => schemeBehind(element));
