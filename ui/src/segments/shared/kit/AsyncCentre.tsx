import { Center } from '@mantine/core';
import type { ReactNode } from 'react';

/** Room for a sign that something is on its way. */
export const AsyncCentre = ({ children }: { children: ReactNode }) => <Center mih={320}>{children}</Center>;
