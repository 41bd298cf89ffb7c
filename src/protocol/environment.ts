/** The environment of the code that is not this server's. */

/** The process's environment as applications may see it: without this server's own settings, the token among them. */
export function applicationEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("ASGIGRAM_")));
}
