namespace Puna.Engine.Execution;

/// <summary>How the slots of a list of operations share memory.</summary>
internal enum SlotLayout
{
    /// <summary>A slot's memory is free once it was read for the last time, and operations work in place.</summary>
    Inference,

    /// <summary>As for inference, but what an operation saves for its backward pass keeps a place of its own.</summary>
    Training,
}
