/// Settings as a user gives them, to real processes on a real broker: files, environment variables and options.
package dev.flover.tests.settings;
