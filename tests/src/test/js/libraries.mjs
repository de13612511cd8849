// Lets a program elsewhere import the libraries that are installed here: node --import ./libraries.mjs PROGRAM

import { register } from 'node:module';

const resolver = `
    export function resolve(specifier, context, next) {
        const bare = !specifier.startsWith('.') && !specifier.startsWith('/') && !specifier.includes(':');
        return next(specifier, bare ? { ...context, parentURL: ${JSON.stringify(import.meta.url)} } : context);
    }`;
register(`data:text/javascript,${encodeURIComponent(resolver)}`);
