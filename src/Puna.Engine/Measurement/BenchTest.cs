namespace Puna.Engine.Measurement;

/// <summary>What a row of <see cref="ModelBench"/> measures.</summary>
public enum BenchTest
{
    /// <summary>Reading a prompt of one sequence; limited by arithmetic.</summary>
    Prompt,

    /// <summary>Decoding one token after the other, of one or more sequences together; limited by memory.</summary>
    Decode,
}
