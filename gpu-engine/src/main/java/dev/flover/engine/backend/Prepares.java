package dev.flover.engine.backend;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Marks a method that is called before the methods that read the fields which it assigns, such as one that takes the
/// operands of a computation. The check for null at compile time counts these fields as initialised.
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.CLASS)
public @interface Prepares {}
