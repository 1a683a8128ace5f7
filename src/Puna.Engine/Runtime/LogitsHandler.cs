namespace Puna.Engine.Runtime;

/// <summary>Is given the logits after some ids while a sequence is read.</summary>
/// <param name="index">Index of the first of these ids; row i of the outputs comes after id index + i.</param>
/// <param name="outputs">Their logits; may be overwritten.</param>
public delegate void LogitsHandler(int index, Outputs outputs);
