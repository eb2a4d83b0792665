import { createContext } from 'react';

/** Whether a view has said its heading; what stands in a view's place says the first one itself. */
export const Headed = createContext(false);
