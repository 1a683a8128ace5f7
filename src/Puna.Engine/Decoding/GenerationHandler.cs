namespace Puna.Engine.Decoding;

/// <summary>Is told of each step while a generation runs.</summary>
public delegate void GenerationHandler(in GenerationStep step);
