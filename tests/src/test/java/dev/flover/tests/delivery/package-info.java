/// Short runs of `verify-delivery`, started as a user starts it: exactly-once holds under kills, and the command finds
/// the repeats of at-least-once.
package dev.flover.tests.delivery;
