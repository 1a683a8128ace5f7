namespace Puna.Engine.Evaluation;

/// <summary>Which predictions of a window count.</summary>
public enum PerplexityRule
{
    /// <summary>
    /// Windows of ctx inputs, each predicting the next ctx ids; the incomplete last one is dropped, unless it is the
    /// only one. With a stride below ctx only the part that no window before has scored counts.
    /// </summary>
    Windows,

    /// <summary>llama-perplexity's: disjoint windows of ctx ids, of which only the second half is scored.</summary>
    LlamaCpp,
}
