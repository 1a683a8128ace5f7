namespace Puna.Kernels.Tests;

/// <summary>Tests that measure the memory of the whole process.</summary>
[CollectionDefinition(nameof(NativeMemoryCollection), DisableParallelization = true)]
public sealed class NativeMemoryCollection;
