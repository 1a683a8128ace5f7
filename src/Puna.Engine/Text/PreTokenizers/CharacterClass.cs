namespace Puna.Engine.Text.PreTokenizers;

/// <summary>The classes that the patterns tell apart: every character is in exactly one.</summary>
internal enum CharacterClass : byte
{
    /// <summary>Neither letter, number nor white space.</summary>
    Other,

    /// <summary>\p{L}.</summary>
    Letter,

    /// <summary>\p{N}.</summary>
    Number,

    /// <summary>\s, other than the two line ends.</summary>
    Blank,

    /// <summary>\r or \n.</summary>
    LineEnd,
}
