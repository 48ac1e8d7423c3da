/** What a body may have, as the README of the API has it; not taken from the functions, whose limit is under test. */
export const MAX_BODY_BYTES = 1_048_576;
