/** Patterns of variable names in messages. */
import type { Pattern } from '@clipkit/core';

/** The pattern as a user wrote it. */
export const showPattern = (pattern: Pattern): string => ([] as (string | RegExp)[]).concat(pattern as string | RegExp).map((each) => (typeof each === 'string' ? `'${each}'` : String(each))).join(', ');
