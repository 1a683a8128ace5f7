namespace Puna.Engine.Runtime;

/// <summary>
/// Notices two threads inside one engine. Passes, caches and threads of the kernels are one thread's at a time; a second one
/// would not fail but compute nonsense. Costs one interlocked operation for a pass.
/// </summary>
internal sealed class EngineThread
{
    // The managed id of the thread inside; 0 = none.
    private int _inside;

    /// <summary>The calling thread is inside until the result is disposed of; it may enter again meanwhile.</summary>
    /// <exception cref="InvalidOperationException">Another thread is inside.</exception>
    public Entry Enter()
    {
        var thread = Environment.CurrentManagedThreadId;
        var before = Interlocked.CompareExchange(ref _inside, thread, 0);
        if (before != 0 && before != thread)
        {
            throw new InvalidOperationException(
                $"Thread {thread} entered an engine while thread {before} was inside; let one thread own the engine and its sequences."
            );
        }

        return new Entry(before == 0 ? this : null);
    }

    /// <summary>The stay of a thread.</summary>
    internal readonly ref struct Entry(EngineThread? left)
    {
        /// <summary>Leaves, where this was the first entry.</summary>
        public void Dispose()
        {
            if (left is not null)
            {
                Volatile.Write(ref left._inside, 0);
            }
        }
    }
}
