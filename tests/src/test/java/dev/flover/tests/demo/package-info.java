/// `./flover demo` as a person meets it: a process of its own, output that is not a terminal, an end.
package dev.flover.tests.demo;
