/// Settings as a user gives them: processes, files, variables and options on a real broker.
package dev.flover.tests.settings;
