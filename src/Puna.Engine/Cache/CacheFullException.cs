namespace Puna.Engine.Cache;

/// <summary>
/// The cache has no block left and may not or cannot grow. The sequence that asked is unchanged, so that a scheduler
/// may wait for others to end, preempt one, or refuse the request.
/// </summary>
internal sealed class CacheFullException : InputException
{
    /// <summary>Makes an error with its sentence.</summary>
    public CacheFullException(string message)
        : base(message) { }

    /// <summary>Makes an error with its sentence and its cause.</summary>
    public CacheFullException(string message, Exception inner)
        : base(message, inner) { }
}
