/** What is used here of the WebAssembly JavaScript interface, which TypeScript declares only for browsers. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: object);
  }
  class RuntimeError extends Error {}
}
