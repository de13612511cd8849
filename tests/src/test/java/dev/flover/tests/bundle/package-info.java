/// Runs the commands of the archives for machines without Java and without a network, with the libraries that the
/// archives have.
package dev.flover.tests.bundle;
