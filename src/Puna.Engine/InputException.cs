namespace Puna.Engine;

/// <summary>
/// Something the user can mend: a file, option, prompt or request that cannot be taken. The message is one clear
/// sentence that says what was asked, what was found and what would be accepted; the command line prints it as it is
/// and exits with 1.
/// </summary>
public class InputException : Exception
{
    /// <summary>Makes an error with its sentence.</summary>
    public InputException(string message)
        : base(message) { }

    /// <summary>Makes an error with its sentence and its cause.</summary>
    public InputException(string message, Exception inner)
        : base(message, inner) { }
}
