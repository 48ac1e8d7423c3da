/** The database as supabase-js knows it, and its state machines. */

export * from "./database.ts";
export * from "./state-machines.ts";
