/// `verify-delivery` in short, as a user runs it: what it promises under kills, and that it can find the contrary.
package dev.flover.tests.delivery;
