namespace Puna.Engine.Files.Gguf;

/// <summary>
/// The typed metadata of a model file as a tokenizer reads it. Each answer is null when the key is absent; a value of
/// another kind is an <see cref="InputException"/>.
/// </summary>
internal interface ITokenizerMetadata
{
    /// <summary>The file, for messages.</summary>
    string Path { get; }

    /// <summary>A string.</summary>
    string? Text(string key);

    /// <summary>An integer of any width.</summary>
    long? Integer(string key);

    /// <summary>A truth value.</summary>
    bool? Flag(string key);

    /// <summary>An array of strings.</summary>
    string[]? Texts(string key);

    /// <summary>An array of numbers.</summary>
    float[]? Numbers(string key);

    /// <summary>An array of integers.</summary>
    int[]? Integers(string key);
}
