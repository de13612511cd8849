/// `./flover demo` as a user meets it: in a process of its own, with output that is not a terminal, until its end.
package dev.flover.tests.demo;
